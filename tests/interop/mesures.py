"""Reads metrics as Prometheus's own library for Python parses OpenMetrics: strictly, an error where the format is not kept.

Argument: the address. Standard output: by each family's name its type, its help and its samples, each a name, labels and a
value.
"""

import json
import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1], timeout=60) as answer:
    text = answer.read().decode()
families = {
    family.name: {
        "type": family.type,
        "help": family.documentation,
        "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
    }
    for family in text_string_to_metric_families(text)
}
json.dump(families, sys.stdout)
