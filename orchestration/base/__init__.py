"""What every package builds on: settings, errors, the raw contract, files that last, quoting, words. It imports none of them."""
