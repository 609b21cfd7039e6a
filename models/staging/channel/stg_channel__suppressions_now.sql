-- Lines that must not be contacted, on one channel or all, as the lake has it whenever it is asked, whatever date a build is of:
-- a suppression that is known when a list is exported counts, also one that came in after the build. So does a restriction.
{{ suppressions_of('(select max(dt) from ' ~ source('channel', 'channel_suppressions') ~ ')') }}
