"""How cost grows with what a lane is given, measured and drawn, and how many lanes that makes.

Each study is a module with a `NAME`, `cases`, `measure`, which is run in a process of its own for each case, and
`figures`; see `mainspring_perf.scaling.values.Study`.
"""
