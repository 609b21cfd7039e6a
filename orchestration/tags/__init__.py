"""What a user asks of the tag library: which tags there are, why a subscriber carries one, what changed, which tags overlap.

Tags themselves are made in models/marts/tags/ and catalogued by dbt; conditions over them are `orchestration.targeting`'s.
"""
