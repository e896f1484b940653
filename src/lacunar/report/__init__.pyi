from lacunar.report.index import Entry as Entry
from lacunar.report.index import index_page as index_page
from lacunar.report.pictures import Picture as Picture
from lacunar.report.pictures import picture as picture
from lacunar.report.taste.page import taste_report as taste_report
from lacunar.report.traits.audit import audit_report as audit_report
from lacunar.report.traits.page import traits_report as traits_report
