"""Its being here puts this folder, which holds the benches, on the path of the tests in the folders below."""
