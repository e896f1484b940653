"""Groups of images with one answer each, such as the images of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa


class Groups(NamedTuple):
    """The groups of N images.

    Parameters
    ----------
    ids : pyarrow.Array of length G
        In the order of their first images.
    codes : int array of shape (N,)
        Position in ``ids`` of each image.
    """

    ids: pa.Array
    codes: NDArray[np.intp]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Number of images of each group, shape (G,)."""
        return np.bincount(self.codes, minlength=len(self.ids))

    def means(self, probabilities: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Mean probabilities of the images of each group.

        Kittler et al. ("On combining classifiers", 1998) compare rules to combine classifiers. The
        mean is the one that errors of the probabilities harm least. The product, or sum of
        logarithms, would count images of one person as independent evidence, which they are not:
        the answers would be far too confident. Networks of a model, and an image and its mirror
        image, are combined by the mean too.

        Parameters
        ----------
        probabilities : sequence of A float64 arrays of shape (N, C_a)

        Returns
        -------
        list of A float64 arrays of shape (G, C_a)

        Examples
        --------
        >>> groups = read_groups(["ann", "bob", "ann"], 3)
        >>> groups.ids.to_pylist(), groups.sizes.tolist()
        (['ann', 'bob'], [2, 1])
        >>> groups.means([np.array([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]])])[0].tolist()
        [[0.75, 0.25], [0.25, 0.75]]
        """
        means = []
        for output in probabilities:
            sums = np.zeros((len(self.ids), output.shape[1]))
            np.add.at(sums, self.codes, output)
            means.append(sums / self.sizes[:, np.newaxis])
        return means


def read_groups(groups: Iterable[Any], n_images: int) -> Groups:
    """Read the group of each image.

    Parameters
    ----------
    groups : iterable of N ids
        Such as a list, or a column of a frame.
    n_images : int
        N.

    Raises
    ------
    InputError
        If there is not one id for each image, an id is missing, or ids are of several types.
    """
    import pyarrow as pa

    listed = groups.to_pylist() if isinstance(groups, pa.Array | pa.ChunkedArray) else list(groups)
    if isinstance(groups, str) or len(listed) != n_images:
        got = "text" if isinstance(groups, str) else len(listed)
        raise InputError(
            f"expected one group for each of {n_images} images, got {got}", field="groups"
        )
    try:
        values = pa.array(listed, from_pandas=True)
    except pa.ArrowException as error:
        first = str(error).splitlines()[0]
        raise InputError(f"expected ids of one type, got: {first}", field="groups") from error
    if values.null_count:
        row = values.is_null().index(True).as_py()
        raise InputError(f"expected a group, got none for image {row}", field="groups")
    encoded = values.dictionary_encode()
    return Groups(encoded.dictionary, encoded.indices.to_numpy().astype(np.intp))
