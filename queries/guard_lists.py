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
    argminornull argminornullif sumforeach windowfunnel row_number rank dense_rank lag lead first_value last_value
"""
_SCALARS = """
    abs and or not ceil ceiling floor round rounddown trunc sqrt pow power exp log ln greatest least sign mod
    isfinite if ifnull nullif coalesce isnull isnotnull tonullable assumenotnull case multiif transform
    lower upper lowerutf8 upperutf8 length lengthutf8 startswith starts_with endswith ends_with reverse
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
    tobool touint8 touint32 accuratecastornull tostartofmonth tostartofquarter tostartofyear tointervalhour
    tounixtimestamp unix_timestamp tounixtimestamp64milli tounixtimestamp64micro tounixtimestamp64nano intdiv
    arraysplit arraydifference filter cityhash64 city_hash64 siphash64 inthash64 bitxor
"""

NODES = frozenset(_NODES.split())
"""Node types of SQLGlot that are not functions."""

CLAUSES = frozenset(_CLAUSES.split())
"""Parts a SELECT, UNION or subquery may have. SETTINGS, FORMAT, INTO, SAMPLE, hints and locks are absent.

PREWHERE is absent as well: the guard lets it through by itself, with the bounds of a scan and nothing else."""

FUNCTIONS = frozenset(f"{_AGGREGATES} {_SCALARS}".split())
"""Functions by lower-case name: the engine's own, and SQLGlot's for those it knows under another.

None of them reads anything but its arguments. `file`, `url`, `remote`, `dictGet` and its kin, `joinGet`, `getSetting`,
`hostName`, `currentUser`, `sleep` and the like are absent on purpose.
"""
