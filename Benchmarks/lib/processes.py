"""What the kernel says of a process and its children."""

import os
from pathlib import Path


def family(pid):
    """The process and all that it started."""
    children = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return [pid] + [member for child in children for member in family(child)]


def cpu_seconds(pid):
    """Of all its family that lives, and of what has ended and was waited for."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(fields[index]) for index in (11, 12, 13, 14))
    return total / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    """Without what is shared with a file: the program's own text is not a stream's."""
    total = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            total += int(line.split()[1]) * 1024
    return total
