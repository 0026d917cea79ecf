"""What the city set out to reach, and how far it has come (目标与考核).

The targets are numbers of the plan (`parameters/targets.yaml`); their values come from the releases through `atlas`,
and each carries its evidence. Nothing here decides what a survey found, and of no record the value is never zero.
Cases: tests/governance/.
"""
