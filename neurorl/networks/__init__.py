"""Populations wired into networks."""

from neurorl.networks.config import NetworkConfig
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.network import Network
from neurorl.networks.pathway import Pathway
from neurorl.networks.plan import Plan
from neurorl.networks.population import Population
from neurorl.networks.recording import Monitor, Record
from neurorl.networks.telemetry_engine import TelemetryEngine

__all__ = ["Monitor", "Network", "NetworkConfig", "NetworkState", "Pathway", "Plan", "Population", "Record", "TelemetryEngine"]
