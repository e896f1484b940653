from lacunar.mixture.estimator import GaussianMixture as GaussianMixture
