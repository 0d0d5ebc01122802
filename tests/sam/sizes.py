"""Prints how large each built function is, and refuses one that Lambda's C library could not load."""

import re
import sys
from pathlib import Path

# Amazon Linux 2023 has version 2.34 of the C library.
NEWEST = (2, 34)

build = Path(sys.argv[1])
operations = sorted(path.parent.name for path in Path("functions").glob("*/Cargo.toml"))
logical = {operation: "".join(word.title() for word in operation.split("-")) for operation in operations}
faults = []
total = 0
for operation, name in logical.items():
    binary = build / name / "bootstrap"
    if not binary.is_file():
        faults.append(f"{operation} was not built: there is no {binary}")
        continue
    code = binary.read_bytes()
    total += len(code)
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(\d+\.\d+)", code)}
    if code[:4] != b"\x7fELF" or max(versions, default=(0, 0)) > NEWEST:
        faults.append(f"{operation} asks for a C library newer than Lambda's: {max(versions)}")
    newest = ".".join(map(str, max(versions, default=(0, 0))))
    print(f"{len(code) / 1e6:8.2f} MB  {operation:20} glibc {newest}")
print(f"{total / 1e6:8.2f} MB  {len(logical)} functions")
sys.exit("\n".join(faults) or None)
