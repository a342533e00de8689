"""Debian packages that tests need, installed where we may."""

from __future__ import annotations

import os
import shutil
import subprocess


def apt_get(*packages: str) -> bool:
    """Install packages as root or through a sudo that asks nothing; return whether that worked."""
    if not shutil.which("apt-get"):
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not shutil.which("sudo"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def run(*command: str) -> bool:
        return subprocess.run([*prefix, "apt-get", "-qq", *command], env=environment, check=False).returncode == 0

    run("update")  # without the network the lists at hand may do
    return run("install", "-y", *packages)
