"""The rig: runs natively built programs of several targets, directly or under an emulator, and
compares what they answer.

targets.py and process.py know nothing of Trivet and would serve any C project that cross-compiles;
stream.py, cases.py know Trivet's command; plugin.py is the pytest side; scripts/agree.py another user.
"""
