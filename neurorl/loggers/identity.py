"""Who a job is to trackers, kept beside it: its id, and the names of its loggers, which go on with it."""

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from neurorl.loggers import names
from neurorl.loggers.logger import Logger
from neurorl.results import run_folder

FILE = "loggers.json"


class Identity(NamedTuple):
    """Content of loggers.json."""

    id: str
    loggers: list[str]  # by name


def read(folder: Path) -> Identity:
    """Return what is kept in a folder, a new id where nothing is."""
    file = folder / FILE
    if not file.is_file():
        return Identity(secrets.token_hex(6), [])
    values = run_folder.read_json(file)
    return Identity(values["id"], values["loggers"])


def of_job(folder: Path, loggers: list[Logger]) -> Identity:
    """Return who a job in a folder is to loggers, kept from now on unless they are bars, which do not ask."""
    return keep(folder, names.lasting(loggers)) if any(logger.of_rows for logger in loggers) else read(folder)


def keep(folder: Path, names: list[str]) -> Identity:
    """Return what is kept in a folder from now on: the id that it has or gets, and the names with those from before.

    Processes that begin one study at once agree on the id: the first file stays.
    """
    file = folder / FILE
    there = file.is_file()  # asked first: another process may write it from here on
    found = read(folder) if there else Identity(secrets.token_hex(6), [])
    wanted = found._replace(loggers=list(dict.fromkeys([*found.loggers, *names])))
    if there:
        if wanted != found:
            run_folder.write_json(file, wanted._asdict())
        return wanted
    ours = file.with_name(f".{file.stem}.{wanted.id}{file.suffix}")
    run_folder.write_json(ours, wanted._asdict())
    try:
        os.link(ours, file)
        ours.unlink()
    except FileExistsError:
        ours.unlink()
        return keep(folder, names)
    except OSError:  # a disk that has no links
        os.replace(ours, file)
    return wanted
