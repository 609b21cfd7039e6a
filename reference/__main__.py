"""Builds the documentation site: `make docs`."""

import sys

from reference.build import main

sys.exit(main())
