"""What the guard lets through, by name. Everything else is refused, so a new function or clause is added here too."""

from __future__ import annotations

_NODES = """
    Add Alias All And Any Array Between Boolean Bracket CTE Case Column CombinedParameterizedAgg DPipe DataType
    DataTypeParam Distinct Div EQ Except Filter Final From GT GTE Group GroupingSets Having ILike Identifier If In
    Intersect Interval Is Join LT LTE Lambda Like Limit Literal Mod Mul NEQ Neg Not Null NullSafeEQ Offset Or Order
    Ordered ParameterizedAgg Paren Placeholder Select Star Sub Subquery Table TableAlias Tuple Union Var Where Window
    WindowSpec With WithFill
"""
_CLAUSES = """
    expressions from_ where group having order limit offset distinct joins with_ this expression by_name side kind
    alias qualify windows
"""
_AGGREGATES = """
    count countif count_if uniq uniqif uniqexact uniqexactif uniqhll12 uniqhll12if approx_distinct
    sum sumif avg avgif min minif max maxif any anyif any_value median corr
    avgornull avgornullif minornull minornullif maxornull maxornullif anyornull anyornullif
    argmax argmaxif argmaxornull argmaxornullif argmin argminif arg_max arg_min
    quantile quantileif quantileexact quantileexactinclusive quantileexactinclusiveornull
    quantileexactinclusiveornullif
    varsampstable varsampstableif stddevsampstable stddevsampstableif covarsampstable covarsampstableif
    corrstable corrstableif entropy entropyif
    varpopstableornull varpopstableornullif covarpopstableornull covarpopstableornullif
    quantileexactweightedornull quantileexactweightedornullif
    topk topkif topkweighted topkweightedif approx_top_k grouparray grouparrayif array_agg groupuniqarray
    groupuniqarrayif
    stddevpop stddevsamp varpop varsamp stddev variance variance_pop stddev_pop stddev_samp var_pop var_samp
    countresample countresampleif sumresample sumresampleif
    argminornull argminornullif sumforeach windowfunnel row_number rank dense_rank lag lead first_value last_value
"""
_SCALARS = """
    abs and or not ceil ceiling floor round rounddown trunc sqrt pow power exp log ln greatest least sign mod
    isfinite if ifnull nullif coalesce isnull isnotnull tonullable assumenotnull case multiif transform
    identity lower upper lowerutf8 upperutf8 length lengthutf8 startswith starts_with endswith ends_with reverse
    replaceall replaceone replace position positioncaseinsensitive str_position
    substring trim concat concat_ws
    splitbychar split match extract regexp_like regexp_replace like ilike domain path
    empty notempty has hasany hasall hasalltokens arrayexists arrayfilter arraymap arrayelement
    arrayelementornull arraysort
    arraypopback arraypopfront arraysum arraydotproduct arrayenumerate
    array_sum isnan is_nan isfinite erf
    arrayjoin explode arrayzip tupleelement grouping arraydistinct arrayconcat arrayslice array array_size
    array_filter
    array_distinct array_contains array_concat array_contains_all array_overlaps array_any sort_array tuple struct
    mapcontains map_contains_key var_map mapkeys mapvalues map_keys map_values map
    toint64 toint32 touint64 tofloat64 tostring toint64ornull tofloat64ornull todate todatetime todatetime64 to_char
    toyyyymmdd cast try_cast date timestamp_trunc date_trunc datetrunc
    tostartofhour tostartofminute tostartoffiveminutes tostartofinterval tostartofday tostartofweek tomonday
    tohour todayofweek hour day_of_week dayofweek day_of_week_iso dayofweek_iso year month day
    tointervalsecond tointervalmillisecond fromunixtimestamp64nano fromunixtimestamp64micro fromunixtimestamp64milli
    addnanoseconds subtractnanoseconds datediff date_diff timestamp_diff now now64 current_timestamp today
    emptyarraystring arrayresize array_slice arrayreversesort arraystringconcat extractall
    regexp_extract replaceregexpall
    countsubstrings positionutf8 positioncaseinsensitiveutf8 substringutf8 leftutf8 rightutf8 reverseutf8 repeat pad
    leftpadutf8 rightpadutf8 querystring extracturlparameter decodeurlcomponent jsonextract
    isipv4string isipv6string isipaddressinrange toipv4ordefault toipv6ordefault ipv4cidrtorange ipv6cidrtorange
    modulo positivemodulo intdiv int_div log2 log10 parsedatetime64besteffortornull time_to_str formatdatetime
    totimezone timezoneoffset tominute todayofmonth todayofyear toisoweek week_of_year tomonth toquarter toyear
    quarter
    tobool touint8 touint16 touint32 accuratecast accuratecastornull tostartofmonth tostartofquarter
    tostartofyear tointervalhour
    tounixtimestamp unix_timestamp tounixtimestamp64milli tounixtimestamp64micro tounixtimestamp64nano intdiv
    arraysplit arraydifference filter cityhash64 city_hash64 siphash64 inthash64 bitxor
"""

_ONE_BY_ONE = {
    "parts of an array by a lambda; the guard wants it written": """
        arrayfirst arraylast arrayfirstornull arraylastornull arrayfirstindex arraylastindex arraycount arrayall
    """,
    "one pass over an array": """
        array_min array_max arrayavg arraycumsum array_compact array_reverse arrayuniq arrayflatten arraypushback
        arraypushfront
    """,
    "one pass over a map; lambdas as for arrays": "mapfilter mapapply mapexists mapall mapcontainskeylike",
    "one pass over a text, what comes out is at most twice as long": """
        initcaputf8 left right hex base64encode trybase64decode md5_digest sha2 substring_index
        splitbywhitespace splitbynonalpha ascii isvalidutf8 multisearchany multisearchanycaseinsensitive hastoken
        hastokencaseinsensitive regexp_count countsubstringscaseinsensitive
    """,
    "parts of a URL": """
        domainwithoutwww topleveldomain protocol port pathfull fragment cutquerystring cuturlparameter
        extracturlparameters extracturlparameternames decodeurlformcomponent encodeurlcomponent
    """,
    "values of JSON of a type the name says; no type is given as a text": """
        json_extract_scalar json_extract jsonextractstring jsonextractraw jsonextractint jsonextractuint
        jsonextractfloat jsonextractbool
        jsonextractarrayraw jsonextractkeys jsonhas jsonlength jsontype isvalidjson simplejsonextractstring
    """,
    "parts and beginnings of times: whole numbers that never fail": """
        tosecond tomillisecond tostartoftenminutes tostartoffifteenminutes timeslot tolastdayofmonth torelativehournum
        torelativedaynum torelativeweeknum toyyyymm toyearweek datename monthname age yesterday
    """,
    "readings of a text that give zero or null where there is nothing to read": """
        toint8orzero toint16orzero toint32orzero toint64orzero touint8orzero touint16orzero touint32orzero
        touint64orzero tofloat32orzero tofloat64orzero toint8ornull toint16ornull toint32ornull touint8ornull
        touint16ornull touint32ornull touint64ornull tofloat32ornull
        parsedatetimebesteffortorzero parsedatetimebesteffortornull todateornull
        todatetimeornull toipv4ornull toipv6ornull ipv4numtostring
    """,
    "arithmetic without a case that fails": """
        bitand bitor bitnot bitcount bithammingdistance pi e sin cos tan asin acos atan atan2 cbrt exp2 exp10 sigmoid
        degrees radians hypot is_inf ifnotfinite max2 min2 xor xxhash64 murmurhash3_64 farmhash64 halfmd5
    """,
    "numbers as people read them, names of types": """
        formatreadablesize formatreadabledecimalsize formatreadablequantity formatreadabletimedelta bar typeof
    """,
    "aggregates whose state has a bound, or is as large as those above": """
        quantiles quantilesif quantilesexact quantiletdigest quantilestdigest quantiletiming quantileexactlow
        quantileexacthigh medianif uniqcombined uniqcombinedif uniqcombined64 anylast anylastif anyheavy
        skewpop skewsamp kurtpop kurtsamp histogram simplelinearregression summap minmap maxmap deltasum boundingratio
        avgweighted sumkahan sumcount stddevpopif stddevsampif varpopif varsampif retention
    """,
    "values of neighbouring rows": "laginframe leadinframe ntile percent_rank nth_value cume_dist",
}
"""Functions that only statements people write need, by the reason they may be used."""

NODES = frozenset(_NODES.split())
"""Node types of SQLGlot that are not functions."""

CLAUSES = frozenset(_CLAUSES.split())
"""Parts a SELECT, UNION or subquery may have. SETTINGS, FORMAT, INTO, SAMPLE, hints and locks are absent.

PREWHERE is absent as well: the guard lets it through by itself, with the bounds of a scan and nothing else."""

FUNCTIONS = frozenset(" ".join([_AGGREGATES, _SCALARS, *_ONE_BY_ONE.values()]).split())
"""Functions by lower-case name: the engine's own, and SQLGlot's for those it knows under another.

None of them reads anything but its arguments. `file`, `url`, `remote`, `dictGet` and its kin, `joinGet`, `getSetting`,
`hostName`, `currentUser`, `sleep` and the like are absent on purpose.
"""
