#!/usr/bin/env python3
"""Runs a command, but spoils what it says of programs that hold a certain word: a bug to be found.

    standin.py differs|crash|hang WORD COMMAND …
"""

import os
import signal
import subprocess
import sys
import time


def main(how, word, *command):
	text = sys.stdin.read()
	programs = text.split("//! program ")
	guilty = {p.split("\n")[0] for p in programs if word in p}
	said = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True).stdout
	for line in said.splitlines():
		fields = line.split("\t")
		name = fields[0].rpartition(":")[0]
		if name in guilty and len(fields) == 5:
			if how == "crash":
				sys.stdout.flush()
				os.kill(os.getpid(), signal.SIGSEGV)
			if how == "hang":
				sys.stdout.flush()
				time.sleep(60)
			if fields[1] == "optimized":
				fields[3] = fields[3].replace("0x0", "0x1")
		print("\t".join(fields))


main(*sys.argv[1:])
