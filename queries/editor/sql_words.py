"""Words of SQL as completion offers them: functions as the engine spells them, by what they are for, and keywords."""

from __future__ import annotations

from queries.editor.items import Item

_FUNCTIONS = {
    "Aggregate.": """
        count countIf sum sumIf avg avgIf min minIf max maxIf any anyIf anyLast argMax argMaxIf argMin argMinIf
        uniq uniqIf uniqExact uniqExactIf uniqCombined quantile quantileIf quantiles quantilesIf quantileExact
        quantileTDigest median medianIf topK topKIf groupArray groupArrayIf groupUniqArray stddevPop stddevSamp
        varPop varSamp corr entropy skewPop kurtPop histogram simpleLinearRegression sumMap minMap maxMap
        deltaSum avgWeighted windowFunnel retention
    """,
    "Function of neighbouring rows, with OVER (…).": """
        row_number rank dense_rank lagInFrame leadInFrame first_value last_value nth_value ntile percent_rank
    """,
    "Function of times.": """
        now today yesterday toStartOfSecond toStartOfMinute toStartOfFiveMinutes toStartOfTenMinutes
        toStartOfFifteenMinutes toStartOfHour toStartOfDay toStartOfWeek toMonday toStartOfMonth
        toStartOfQuarter toStartOfYear toStartOfInterval date_trunc toDate toDateTime toDateTime64 toHour
        toMinute toSecond toDayOfWeek toDayOfMonth toDayOfYear toISOWeek toMonth toQuarter toYear toYYYYMM
        toYYYYMMDD monthName dateDiff age formatDateTime toTimeZone toUnixTimestamp toUnixTimestamp64Milli
        toUnixTimestamp64Nano fromUnixTimestamp64Milli fromUnixTimestamp64Nano parseDateTimeBestEffortOrNull
    """,
    "Function of texts.": """
        lower upper length lengthUTF8 substring substringUTF8 left right trim concat replaceOne replaceAll
        replaceRegexpAll position positionCaseInsensitive startsWith endsWith match extract extractAll like
        ilike splitByChar splitByString substringIndex multiSearchAny hasToken countSubstrings reverse repeat
        leftPad rightPad empty notEmpty hex base64Encode domain domainWithoutWWW topLevelDomain protocol path
        cutQueryString extractURLParameter JSONExtractString JSONExtractInt JSONExtractFloat JSONExtractBool
        JSONExtractRaw JSONHas JSONLength isValidJSON
    """,
    "Function of arrays and maps.": """
        mapContains mapKeys mapValues mapFilter mapApply map has hasAny hasAll arrayJoin arrayMap arrayFilter
        arrayExists arrayAll arrayCount arrayFirst arrayLast arrayFirstIndex arraySum arrayMin arrayMax arrayAvg
        arraySort arrayReverse arrayDistinct arrayUniq arrayConcat arraySlice arrayStringConcat arrayZip
        tupleElement
    """,
    "Function of numbers.": """
        abs round floor ceil sqrt pow exp log log2 log10 sign greatest least intDiv modulo isNaN isFinite
        ifNotFinite bitAnd bitOr bitXor bitCount toInt64 toInt64OrNull toInt64OrZero toUInt64 toFloat64
        toFloat64OrNull toString formatReadableSize formatReadableQuantity formatReadableTimeDelta bar
        cityHash64 sipHash64
    """,
    "Function of conditions and missing values.": """
        if multiIf coalesce ifNull nullIf isNull isNotNull assumeNotNull toNullable transform
    """,
    "Function of addresses.": """
        toIPv4OrNull toIPv6OrNull toIPv4OrDefault isIPv4String isIPv6String isIPAddressInRange IPv4CIDRToRange
        IPv6CIDRToRange
    """,
}
SQL_FUNCTIONS = {name: doc for doc, names in _FUNCTIONS.items() for name in names.split()}
"""What may be called, as the engine spells it, and what it is for. A test holds every one to the guard's list."""

SQL_KEYWORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "HAVING", "DISTINCT", "AS", "AND", "OR", "NOT", "IN"),
    *("BETWEEN", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL", "JOIN", "LEFT JOIN", "ON", "USING", "ARRAY JOIN"),
    *("UNION ALL", "WITH", "CASE", "WHEN", "THEN", "ELSE", "END", "OVER", "PARTITION BY", "ASC", "DESC", "INTERVAL"),
)
"""Words of a SELECT."""

_WITHOUT_BLANK = frozenset({"now", "today", "yesterday", "rank", "row_number", "dense_rank", "percent_rank"})


def sql_functions() -> list[Item]:
    """Return the functions, those of no argument closed again."""
    return [
        Item(name, f"{name}()" if name in _WITHOUT_BLANK else f"{name}(", "function", doc)
        for name, doc in SQL_FUNCTIONS.items()
    ]


def sql_keywords() -> list[Item]:
    """Return the keywords, each with a blank behind it."""
    return [Item(word, f"{word} ", "keyword") for word in SQL_KEYWORDS]
