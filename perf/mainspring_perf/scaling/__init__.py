"""How cost grows with what a lane is given, measured, and how many lanes that makes.

Each study is a module of this package with a `NAME` and two functions. `cases(tiny)` returns what is to be measured,
few and small ones if `tiny`; `measure(case)` measures one of them in a process of its own, and raises `WrongAnswer`
if its answer isn't right. `mainspring.cli.scaling_tables` shows what was found.
"""
