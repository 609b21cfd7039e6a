"""Personal values: where they may not be (`scan`), how a person is erased, restricted, told what is held (`erase`, `restrict`,
`access`), and how long everything is kept (`retention`). What is personal, the raw contract says.
"""
