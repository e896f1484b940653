from lacunar.datasets.people.sample import sample_people as sample_people
from lacunar.datasets.people.sample import write_people as write_people
from lacunar.datasets.tastes.sample import sample_tastes as sample_tastes
from lacunar.datasets.tastes.sample import write_sample as write_sample
