"""Names the guard knows: types to cast to, columns the engine adds to every table, and why functions are refused."""

from __future__ import annotations

_TYPES = """
    TINYINT SMALLINT INT BIGINT INT128 INT256 UTINYINT USMALLINT UINT UBIGINT UINT128 UINT256 FLOAT DOUBLE DECIMAL
    DECIMAL32 DECIMAL64 DECIMAL128 DECIMAL256 BOOLEAN TEXT VARCHAR CHAR FIXEDSTRING LOWCARDINALITY NULLABLE
    DATE DATE32 DATETIME DATETIME64 TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS TIME
    ARRAY MAP STRUCT NESTED UUID IPV4 IPV6 ENUM ENUM8 ENUM16 NULL UNKNOWN INTERVAL
"""

TYPES = frozenset(_TYPES.split())
"""Types of SQLGlot. States of aggregates are absent: a text cast to one is read by code that trusts it."""

_VIRTUAL = """
    _part _part_index _part_starting_offset _part_uuid _part_data_version _part_offset _part_granule_offset
    _partition_id _partition_value _sample_factor _block_number _block_offset _row_exists _disk_name _distance
    _table _database _shard_num _path _file _size _time _etag _headers _data_lake_snapshot_version _row_number
"""

VIRTUAL_COLUMNS = frozenset(_VIRTUAL.split())
"""Columns of every table that tell how it is stored; rows of others show in their gaps."""

_HIGHER = """
    arraymap arrayfilter arraysort arrayreversesort arraypartialsort arraypartialreversesort arrayexists arrayall
    arraycount arraysum arrayavg arraymin arraymax arrayproduct arraysplit arrayreversesplit arrayfill arrayreversefill
    arrayfirst arrayfirstornull arrayfirstindex arraylast arraylastornull arraylastindex arraycumsum
    arraycumsumnonnegative arraydifference arrayfold arraycompact mapfilter mapapply mapexists mapall mapsort
    mapreversesort mappartialsort mappartialreversesort
    filter array_filter array_any array_all array_sum sort_array array_map transform_array list_transform
"""

HIGHER = frozenset(_HIGHER.split())
"""Functions that take a function. The engine also takes the bare name of one: `arrayMap(file, ['/etc/passwd'])`."""

_FILES = "it reads files of the server"
_SERVERS = "it reaches other servers"
_DICTIONARIES = "it reads a dictionary, which holds what belongs to other projects"
_TABLES = "it reads tables past the catalogue"
_RUNS = "it runs a program or a model"
_SERVER = "it tells about the server"
_WAITS = "it only holds up the server"
_STATES = "it reads states of aggregates, which the engine trusts"
_MAKES = "it makes rows without end"

_FAMILIES = {
    _FILES: "file fileCluster sqlite deltaLakeLocal icebergLocal icebergS3Local paimonLocal hudi filesystem",
    _SERVERS: (
        "url urlCluster remote remoteSecure cluster clusterAllReplicas s3 s3Cluster gcs azureBlobStorage hdfs"
        " hdfsCluster mysql postgresql mongodb redis odbc jdbc iceberg deltaLake arrowFlight ytsaurus"
    ),
    _DICTIONARIES: "dictionary",
    _TABLES: (
        "joinGet joinGetOrNull merge mergeTreeIndex mergeTreeProjection view viewIfPermitted viewExplain loop input"
        " format values timeSeriesData timeSeriesMetrics timeSeriesTags python fuzzQuery hasColumnInTable columns"
    ),
    _RUNS: "executable executablePool catboostEvaluate evalMLMethod naiveBayesClassifier",
    _SERVER: (
        "getSetting getServerSetting getMacro hostName fqdn currentUser user currentDatabase current_database version"
        " current_version serverUUID uptime tcpPort buildId queryID initialQueryID connectionId filesystemAvailable"
        " filesystemCapacity filesystemFree showCertificate addressToLine addressToSymbol demangle transactionID"
        " getOSKernelVersion displayName currentProfiles currentRoles enabledRoles"
    ),
    _WAITS: "sleep sleepEachRow",
    _STATES: "initializeAggregation finalizeAggregation runningAccumulate arrayReduce arrayReduceInRanges",
    _MAKES: (
        "numbers numbers_mt zeros zeros_mt generateRandom generateSeries generate_series primes range null fuzzJSON"
    ),
}
_REASONS = {name.lower(): why for why, names in _FAMILIES.items() for name in names.split()}


_SAFER = {
    "toipv4": "toIPv4OrNull",
    "toipv6": "toIPv6OrNull",
    "parsedatetimebesteffort": "parseDateTimeBestEffortOrNull",
    "countdistinct": "count(DISTINCT …)",
    "runningdifference": "lagInFrame(…) OVER (…)",
    "multimatchany": "match or multiSearchAny",
    "arrayintersect": "arrayFilter",
}
"""Functions people try, and what does the same here."""


def why_not(name: str) -> str:
    """Return why a function or table function is refused, as the rest of a sentence."""
    lowered = name.lower()
    if lowered in _SAFER:
        return f"write {_SAFER[lowered]}"
    if lowered.startswith("dict"):
        return _DICTIONARIES
    return _REASONS.get(lowered, "only functions known to read nothing but their arguments may be used")
