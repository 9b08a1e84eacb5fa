"""Populations wired into networks."""

from neurorl.networks.config import NetworkConfig
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.network import Network, Record
from neurorl.networks.pathway import Pathway
from neurorl.networks.population import Population
from neurorl.networks.telemetry_engine import TelemetryEngine

__all__ = ["Network", "NetworkConfig", "NetworkState", "Pathway", "Population", "Record", "TelemetryEngine"]
