from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.shift import compare_counts, find_shift, holm


def test_p_agrees_with_the_chi_square_distribution_where_counts_are_large() -> None:
    counts = np.array([[200, 150, 90], [85, 95, 60]])
    distance, p = compare_counts(counts, np.random.default_rng(0))
    assert p == pytest.approx(chi2_contingency(counts, correction=False).pvalue, abs=0.015)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert distance == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)


def test_classes_without_labels_and_empty_parts_are_no_shift() -> None:
    rng = np.random.default_rng(0)
    assert compare_counts(np.array([[5, 0, 5], [5, 0, 5]]), rng) == (0.0, 1.0)
    assert compare_counts(np.array([[5, 5], [0, 0]]), rng) == (0.0, 1.0)


def test_p_is_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        labels = rng.integers(4, size=300)
        counts = np.stack([np.bincount(half, minlength=4) for half in (labels[:200], labels[200:])])
        found.append(compare_counts(counts, rng)[1])
    assert np.mean(np.array(found) < 0.05) < 0.09
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_holm_is_at_least_as_strict_as_the_control_of_discoveries() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20) ** 3
    adjusted = holm(p)
    assert (adjusted >= false_discovery_control(p) - 1e-12).all()
    assert (adjusted <= np.minimum(1, 20 * p) + 1e-12).all()
    assert (np.argsort(adjusted[np.argsort(p)], kind="stable") == np.arange(20)).all()


def test_darker_test_images_and_other_labels_are_found(flawed_findings: AuditFindings) -> None:
    in_test = flawed_findings.images.in_test
    measures = flawed_findings.measures
    darker = replace(measures, highlights=measures.highlights * np.where(in_test, 0.5, 1))
    ours = flawed_findings.counts["train"]
    swapped = (ours[0] * np.array([1, 1, 4]), *ours[1:])
    found = {
        shift.what: shift
        for shift in find_shift(flawed_findings.schema, ours, swapped, darker, in_test)
    }
    assert found["highlights"].shifted
    assert found["labels of gender"].shifted
    assert not found["labels of torso_type"].shifted
    expected = ks_2samp(darker.highlights[~in_test], darker.highlights[in_test])
    assert found["highlights"].p == pytest.approx(expected.pvalue)
    assert found["highlights"].distance == pytest.approx(expected.statistic)


def test_the_seed_decides_the_permutations(flawed_findings: AuditFindings) -> None:
    arguments = (
        flawed_findings.schema,
        flawed_findings.counts["train"],
        flawed_findings.counts["test"],
        flawed_findings.measures,
        flawed_findings.images.in_test,
    )
    assert find_shift(*arguments, seed=1) == find_shift(*arguments, seed=1)
    assert find_shift(*arguments, seed=1) != find_shift(*arguments, seed=2)
