"""Files that become people: read, matched, judged, merged, taken back."""
