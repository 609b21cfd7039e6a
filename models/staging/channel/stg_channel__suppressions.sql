-- Lines that must not be contacted, on one channel or all: the latest delivery, and lines whose processing is restricted.
{{ suppressions_of(latest_delivery('channel_suppressions')) }}
