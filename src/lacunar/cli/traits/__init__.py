"""Commands of ``lacunar traits``."""
