"""The console: pages over the published version for marketers, managers and analysts, and what they may ask for there.

A page reads the version through the same functions as the commands; no rule, count or text is here a second time. `app.py`
answers requests, `versions.py` keeps the current version open, `context.py` is what a page gets, `pages/` has a module a page,
with one function that gives plain values, `templates/` one template each. All words are in `texts.yml`.
"""
