from lacunar.mixture.estimator import GaussianMixture as GaussianMixture
from lacunar.mixture.imputer import GaussianMixtureImputer as GaussianMixtureImputer
