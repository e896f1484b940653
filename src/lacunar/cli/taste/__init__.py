"""Commands of ``lacunar taste``."""
