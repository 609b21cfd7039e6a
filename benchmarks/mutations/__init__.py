"""Are defects noticed? A hundred and more, seeded one at a time: a line changed in SQL or in Python, a delivery with something
wrong in it; each names the test or check that must notice.

`project` holds a copy of the project, whose lines are changed; the lists of defects stand in `defects_…`.
"""
