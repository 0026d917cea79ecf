"""The one map (一张图): tiles, statistics, layers and exports of a release. Reads, never decides.

``rings`` and ``vector_tile`` turn polygons into the bytes of map tiles, ``tiles`` keeps a release's tiles and
shows each user only the permitted part, ``statistics`` adds a release up along any of seven dimensions,
``layers`` says how a map is coloured, ``boundaries`` gives the outlines of counties and townships, ``exports``
writes tables and stands as files that offices open.
"""
