"""From a study to its report: sentences in three languages, HTML, JSON, overlay video, terminal table."""
