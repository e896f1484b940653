"""Colours of all figures, chosen for readers with any colour vision, on white."""

INK = "#1f2328"
MUTED = "#57606a"
GRID = "#d8dee4"
#: Points in the background; grey, because overlapping hollow black ones would look filled.
FAINT = "#768390"
#: A reference that values are compared with.
REFERENCE = "#8a5a00"
# Okabe and Ito (2008), darkest first, without their yellow, which is invisible on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
