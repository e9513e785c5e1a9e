// Nothing: the precompiled header of the unit tests needs a source file to belong to.
