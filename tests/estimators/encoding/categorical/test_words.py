"""Text: words of strings that are mostly distinct, learned on training rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.encoding.table_encoder import TableEncoder

SMALL = {"width": 8, "max_epochs": 3, "random_state": 0}
N = 240


@pytest.fixture(scope="module")
def people():
    """Names whose title says all, tickets that several share, cabins of which many are
    missing.
    """
    rng = np.random.default_rng(0)
    title = rng.choice(["Mr", "Mrs", "Dr"], N)
    names = [f"{''.join(rng.choice(list('abcdefgh'), 6))}, {t}. {number}" for number, t in enumerate(title)]
    tickets = [f"PC {rng.integers(150)}" for _ in range(N)]
    cabins = [None if rng.random() < 0.4 else f"{rng.choice(list('ABC'))}{rng.integers(400)}" for _ in range(N)]
    return pd.DataFrame({"name": names, "ticket": tickets, "cabin": cabins, "age": rng.normal(size=N)}), (
        title == "Mrs"
    ).astype(int)


def learn(frame, weight=None, **parameters):
    encoder = TableEncoder(**{"words": True} | parameters)
    encoded = encoder.fit_transform(frame, weight)
    names = list(encoder.get_feature_names_out())
    assert encoded.shape == (len(frame), len(names))
    np.testing.assert_array_equal(encoder.transform(frame), encoded)
    return encoder, pd.DataFrame(encoded, columns=names)


def test_frequent_words_have_columns(people):
    frame, y = people
    _, encoded = learn(frame)
    assert [name for name in encoded if name.startswith("name_word_")] == [
        "name_word_dr",
        "name_word_mr",
        "name_word_mrs",
    ]
    np.testing.assert_array_equal(encoded["name_word_mrs"], y)
    assert [name for name in encoded if name.startswith("cabin_word")][-3:] == [
        "cabin_word_a",
        "cabin_word_b",
        "cabin_word_c",
    ]
    np.testing.assert_array_equal(encoded["cabin_word_b"], frame["cabin"].str.startswith("B", na=False))
    np.testing.assert_array_equal(encoded["cabin_missing"], frame["cabin"].isna())
    assert "ticket_word_pc" not in encoded, "a word of all rows tells none apart"


def test_shared_strings_are_counted_and_lengths_told(people):
    frame, _ = people
    _, encoded = learn(frame)
    n_rows = np.log(frame["ticket"].map(frame["ticket"].value_counts()))
    np.testing.assert_allclose(encoded["ticket_count"], (n_rows - n_rows.mean()) / n_rows.std(ddof=0), atol=1e-5)
    length = frame["name"].str.len()
    np.testing.assert_allclose(encoded["name_length"], (length - length.mean()) / length.std(ddof=0), atol=1e-5)
    assert not encoded["name_count"].any(), "all names are unique"
    present = frame["cabin"].str.len().dropna()
    np.testing.assert_allclose(
        encoded["cabin_length"],
        ((frame["cabin"].str.len() - present.mean()) / present.std(ddof=0)).fillna(0),
        atol=1e-5,
    )


def test_at_most_as_many_words_as_categories_the_most_frequent(people):
    frame, _ = people
    frame = frame.assign(
        name=[f"{name} {'common' if k % 2 else 'rare' if k % 9 == 0 else ''}" for k, name in enumerate(frame["name"])]
    )
    _, encoded = learn(frame, max_categories=1)
    assert [name for name in encoded if name.startswith("name_word")] == ["name_word_common"]


def test_which_columns_are_looked_into():
    rng = np.random.default_rng(0)
    for values, looked_into in (
        ([f"town {k % 50}" for k in range(N)], False),
        ([f"town {k % 150}" for k in range(N)], True),
        ([f"town {k}" if k < 30 else None for k in range(N)], True),
        ([f"town {k % 15}" if k < 40 else None for k in range(N)], False),
        ([f"{k:b}" for k in range(N)], False),  # one word each
        (list("abcdefgh") * (N // 8), False),
        (rng.permutation(N), False),
        (pd.Categorical(rng.permutation(N)), False),  # categories that are numbers
        (pd.Categorical([f"town {k}" for k in range(N)]), True),
    ):
        _, encoded = learn(pd.DataFrame({"x": values}))
        assert ("x_length" in encoded) is looked_into
        _, encoded = learn(pd.DataFrame({"x": values}), words=False)
        assert "x_length" not in encoded


def test_strings_never_seen_and_other_types(people):
    frame, _ = people
    encoder, encoded = learn(frame)
    odd = pd.DataFrame(
        {
            "name": ["Mr", None, 7],
            "ticket": ["", "ü" * 10_000, "PC"],
            "cabin": [True, 2.0, "A B C"],
            "age": [0.0, 1.0, np.nan],
        }
    )
    new = pd.DataFrame(encoder.transform(odd), columns=encoded.columns)
    assert np.isfinite(new).all(axis=None)
    assert new["name_word_mr"].tolist() == [1, 0, 0]
    assert new.loc[2, ["cabin_word_a", "cabin_word_b", "cabin_word_c"]].tolist() == [1, 1, 1]
    assert not new.loc[1, ["name_length", "name_count"]].any()
    alone = encoded.loc[(~frame["ticket"].duplicated(keep=False)).idxmax(), "ticket_count"]
    assert new["ticket_count"].tolist() == [alone] * 3, "a string never seen is as rare as one that came once"


def test_rows_of_weight_zero_teach_nothing_and_weights_are_rows(people):
    frame, _ = people
    weight = np.random.default_rng(1).integers(0, 3, N)
    changed = frame.copy()
    changed.loc[weight == 0, ["name", "ticket"]] = "never never"
    changed.loc[weight == 0, "cabin"] = None
    a, b = learn(frame, weight)[0], learn(changed, weight)[0]
    np.testing.assert_array_equal(a.transform(frame), b.transform(frame))
    full, scaled = learn(frame)[0], learn(frame, np.full(N, 3.0))[0]
    np.testing.assert_array_equal(full.transform(frame), scaled.transform(frame))


def test_the_order_of_rows_and_the_container_do_not_matter(people):
    frame, _ = people
    _, encoded = learn(frame)
    assert list(learn(frame[::-1])[1].columns) == list(encoded.columns)
    for same in (
        pl.from_pandas(frame),
        pl.from_pandas(frame).with_columns(pl.col("name").cast(pl.Categorical)),
        frame.astype({"cabin": "category", "name": object}),
        frame.convert_dtypes(),
        frame.to_numpy(dtype=object),
    ):
        np.testing.assert_array_equal(TableEncoder(words=True).fit_transform(same), encoded)


def test_a_long_column_is_read_in_blocks():
    texts = [f"{'left' if k % 3 else 'right'} {k}" for k in range(40_000)]
    encoder, encoded = learn(pl.DataFrame({"x": texts}))
    np.testing.assert_array_equal(encoded["x_word_left"], np.arange(40_000) % 3 > 0)
    assert encoder._categories[0].names_ == ["word_left", "word_right"]


@pytest.mark.parametrize("Net", [NetClassifier, NetRegressor])
def test_networks_learn_from_parts_of_strings(people, Net):
    frame, y = people
    frame = frame[["name"]]
    scores = {}
    for text_encoding in ("words", "none"):
        net = Net(random_state=0, text_encoding=text_encoding, lr=1e-2).fit(frame[:180], y[:180])
        scores[text_encoding] = net.score(frame[180:], y[180:])
    assert scores["words"] > 0.95
    assert scores["none"] < 0.8


def test_beside_learned_vectors_of_whole_strings(people):
    frame, y = people
    net = NetClassifier(**SMALL, max_one_hot=20, cat_embedding_dim=3).fit(frame, y)
    assert net.encoder_.n_codes == 3
    names = set(net.encoder_.get_feature_names_out())
    assert {"ticket_code", "ticket_count", "name_code", "name_word_mrs"} <= names
    assert np.isfinite(net.predict_proba(frame)).all()


def test_a_saved_model_keeps_its_words(people, tmp_path):
    frame, y = people
    for parameters in ({}, {"max_one_hot": 20, "cat_embedding_dim": 3}):
        net = NetClassifier(**SMALL, **parameters).fit(frame, y)
        sknet_hp.save(net, tmp_path / "model")
        np.testing.assert_array_equal(sknet_hp.load(tmp_path / "model").predict_proba(frame), net.predict_proba(frame))


def test_many_unique_strings_keep_the_encoder_small():
    import pickle

    frame = pl.DataFrame({"name": [f"user {k}" for k in range(20_000)]})
    encoder, _ = learn(frame)
    assert len(pickle.dumps(encoder)) < 5000
