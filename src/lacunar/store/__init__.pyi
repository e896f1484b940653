from lacunar.store.directory import check_destination as check_destination
from lacunar.store.taste import load_taste as load_taste
from lacunar.store.taste import save_taste as save_taste
from lacunar.store.taste import taste_log as taste_log
from lacunar.store.traits import load_traits as load_traits
from lacunar.store.traits import save_traits as save_traits
