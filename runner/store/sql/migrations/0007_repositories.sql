-- What was seen of the repositories that `gitRepo` resources follow: the newest commit of each branch and tag that is
-- for them, whoever told of it. `followed` says since when: for which repository and by which filter.
CREATE TABLE tip (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    PRIMARY KEY (node_id, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE followed (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    filter TEXT NOT NULL
) STRICT;
