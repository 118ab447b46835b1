"""From a clip to a study: views, key frames, heads, measurement over time, rules, flags, abstention."""
