"""crossrig: runs natively built test programs of several targets from one command.

A pytest plugin for any C project: `-p crossrig.plugin`.  Given toolchain files and test programs it builds
these for every target, runs them (directly, under QEMU user mode, under Wine or over ssh), tells passes,
skips, failures, crashes and hangs apart, compares what they print across targets, and reports.

    toolchains.py   what a toolchain file says; whether this machine can build for and run a target
    process.py      one program, with limits; how it ended
    plugin.py       the pytest side;  report.py  the HTML page, the Markdown summary, the closing matrix
    wine, ssh       runners;  canary.c  the program that shows the rig to be awake
"""
