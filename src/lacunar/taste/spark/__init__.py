"""The steps of ``lacunar.taste`` on a Spark cluster, for logs larger than one machine."""
