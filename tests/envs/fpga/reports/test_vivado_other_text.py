"""Other people's text is refused, and reports of Vivado that are not read are named."""

import pytest

from neurorl.envs.fpga import reports
from neurorl.envs.fpga.reports.document import COMMANDS, TITLES

LETTER = "Dear team,\n\n{}\nWe can tape out on Friday.\n\nYours,\nIda\n"
OTHER = {
    "a path group": "Path Group: clk\nwns 0.00\n",
    "a path group in a list": "My notes\n\n  Path Group: video\n  Path Type: max\n  Source: camera\n  Requirement: soon\n",
    "a letter, met": LETTER.format("All user specified timing constraints are met."),
    "a letter, not met": LETTER.format("Timing constraints are not met."),
    "a letter, none": LETTER.format("There are no user specified timing constraints."),
    "a letter that quotes a title": LETTER.format("Please send me the Timing Summary Report."),
    "a trace of ISE": (
        'Timing constraint: TS_osc = PERIOD TIMEGRP "osc" 8 ns HIGH 50%;\n\n'
        " 210 paths analyzed, 80 endpoints analyzed, 0 failing endpoints\n Minimum period is   6.100ns.\n"
        "-----\nSlack (setup path):     1.900ns (requirement - (data path - clock path skew + uncertainty))\n"
        "  Source:               a_r (FF)\n  Destination:          b_r (FF)\n  Requirement:          8.000ns\n"
        "  Data Path Delay:      6.000ns (Levels of Logic = 3)\n\n"
        "Component Switching Limit Checks: TS_osc = PERIOD 8 ns\n-----\n"
        "Slack: 5.500ns (period - (min low pulse limit / (low pulse / period)))\n"
        "  Period: 8.000ns\n  Low pulse: 4.000ns\n  Low pulse limit: 1.250ns (Trpw)\n"
    ),
    "Quartus": (
        "; Slow 1100mV 85C Model Setup Summary ;\n+-------+--------+---------------+\n; Clock ; Slack  ; End Point TNS ;\n"
        "+-------+--------+---------------+\n; osc   ; -1.234 ; -5.000        ;\n+-------+--------+---------------+\n"
    ),
    "nextpnr": "Info: Max frequency for clock 'osc': 51.20 MHz (PASS at 12.00 MHz)\nInfo: Slack histogram:\nInfo: [ 1, 2) |**\n",
    "yosys": "=== top ===\n\n   Number of wires:  12\n   Number of cells:  30\n     LUT4            8\n     FDRE           22\n",
    "OpenSTA": (
        "Startpoint: a_r (rising edge-triggered flip-flop clocked by osc)\nPath Group: osc\nPath Type: max\n\n"
        "  Delay    Time   Description\n---------------------------------\n   0.00    0.00   clock osc (rise edge)\n"
        "   0.50   data arrival time\n   1.00   data required time\n   0.50   slack (MET)\n"
    ),
    "a table of SQL": "+----+-------+\n| id | name  |\n+----+-------+\n|  1 | heron |\n+----+-------+\n",
    "disks": "| Mount | Used | Available | Util% |\n|---|---|---|---|\n| /home | 10 | 90 | 10 |\n",
    "shops": "+--------+------+\n| Name   | Used |\n+--------+------+\n| a lamp |    3 |\n+--------+------+\n",
    "a linter": "Rule            Severity  Description  Violations\n----            --------  -----------  ----------\nno-unused-vars  high      Unused       3\n",  # noqa: E501
    "CSV": "clock,wns,tns\nosc,-1.5,-3.0\n",
    "Python": "def clock(wns_ns):\n    # Path Group: x\n    return {'Slack': wns_ns}\n",
    "waits": "Slack : 5 min (pause - work)\nFrom Clock: noon\nTo Clock: one\n",
    "checks": "1. checking luggage (2)\n-----------------------\n There are 2 bags with no label.\n",
    "a contents": "Table of Contents\n-----------------\n1. Slice Logic\n2. Memory\n",
}


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("change", [str, str.upper, lambda text: text * 20, lambda text: text.replace("\n", "\r\n")])
def test_other_text_is_refused(name, change):
    with pytest.raises(reports.ReportError, match=r"^line \d+: nothing in this text is from a Vivado report; what is read are "):
        reports.parse(change(OTHER[name]))


def test_what_is_read_is_listed_and_drc_with_it():
    with pytest.raises(reports.ReportError) as error:
        reports.parse("hello\n")
    assert all(command in str(error.value) for command in COMMANDS)
    assert "report_drc" in str(error.value)


UNREAD = [(title, command) for title, command in TITLES.items() if command not in COMMANDS]
HEADER = "Copyright 1986-2020 Xilinx, Inc. All Rights Reserved.\n-----\n| Tool Version : Vivado v.2020.2\n| Command      : {} -file x.rpt\n| Design       : finch\n-----\n\n"  # noqa: E501
BODY = "\n\n+------+-------+\n| Name | Count |\n+------+-------+\n| nets |    12 |\n+------+-------+\n\nDelay  1.000  2.000\n"


@pytest.mark.parametrize(("title", "command"), UNREAD)
@pytest.mark.parametrize("header", [HEADER, "", "INFO: [Common 17-1] a log\n" * 80 + HEADER], ids=["headed", "bare", "late"])
@pytest.mark.parametrize("change", [str, str.upper])
def test_a_known_report_that_is_not_read_is_named(title, command, header, change):
    with pytest.raises(reports.ReportError) as error:
        reports.parse(change(header.format(command) + title + BODY))
    assert f"this is the report of '{command}', which is known and not read" in str(error.value)


def test_the_kinds_of_the_docs_are_known():
    known = {command for _, command in UNREAD}
    told = ("route_status", "io", "control_sets", "clock_utilization", "bus_skew", "clock_interaction", "cdc")
    assert {f"report_{name}" for name in told} <= known


@pytest.mark.parametrize("command", ["report_config_timing", "report_something"])
def test_an_unknown_report_is_named_by_its_command(command):
    with pytest.raises(reports.ReportError, match=f"line 4: this is the report of '{command}', which is not read"):
        reports.parse(HEADER.format(command) + "Some Title" + BODY)
