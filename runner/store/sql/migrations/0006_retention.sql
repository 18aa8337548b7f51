-- What a build holds on the disk, measured once after its end (NULL: not yet): its directory, and the files that it was
-- the first to save.
ALTER TABLE build ADD COLUMN bytes INTEGER;
ALTER TABLE build ADD COLUMN saved_bytes INTEGER;

-- What refers to a row is found at once, or nothing could be removed without reading everything.
CREATE INDEX version_of_build ON version (build_id);
CREATE INDEX version_of_files ON version (file_set) WHERE file_set IS NOT NULL;
CREATE INDEX version_by_name ON version (node_id, name, number);
CREATE INDEX input_of_version ON build_input (version_id, build_id);
CREATE INDEX file_of_blob ON file_set (blob);
