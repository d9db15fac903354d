"""What the guard lets through, by name. Everything else is refused, so a new function or clause is added here too."""

from __future__ import annotations

NODES = frozenset(
    """
    Add Alias All And Any Array Between Boolean Bracket CTE Case Column CombinedParameterizedAgg DPipe DataType
    DataTypeParam Distinct Div EQ Except Filter Final From GT GTE Group Having ILike Identifier If In Intersect Interval
    Is Join LT LTE Lambda Like Limit Literal Mod Mul NEQ Neg Not Null NullSafeEQ Offset Or Order Ordered
    ParameterizedAgg Paren Placeholder Select Star Sub Subquery Table TableAlias Tuple Union Var Where Window WindowSpec
    With WithFill
    """.split()
)  # fmt: skip
"""Node types of SQLGlot that are not functions."""

CLAUSES = frozenset(
    """
    expressions from_ where group having order limit offset distinct joins with_ this expression by_name side kind
    alias qualify windows
    """.split()
)  # fmt: skip
"""Parts a SELECT, UNION or subquery may have. SETTINGS, FORMAT, INTO, SAMPLE, PREWHERE, hints and locks are not among them."""

_AGGREGATES = """
    count countif uniqexact uniqexactif uniqhll12 uniqhll12if uniq uniqif sum sumif avg avgif min minif max maxif any anyif
    any_value avgornull avgornullif minornull minornullif maxornull maxornullif anyornull anyornullif
    argmax argmaxif argmaxornull argmaxornullif argmin arg_max arg_min argminif quantile quantileexact quantileexactinclusive
    quantileexactinclusiveornull quantileexactinclusiveornullif topk topkif grouparray grouparrayif array_agg
    groupuniqarray groupuniqarrayif stddevpop stddevsamp varpop varsamp stddev variance variance_pop stddev_pop stddev_samp
    var_pop var_samp corr median row_number rank dense_rank lag lead first_value last_value count_if
    approx_distinct approx_top_k quantileif
"""
_SCALARS = """
    abs and or not ceil ceiling floor round trunc sqrt pow power exp log ln greatest least sign mod
    if ifnull nullif coalesce isnull isnotnull tonullable assumenotnull case multiif transform
    lower upper lowerutf8 upperutf8 length lengthutf8 startswith starts_with endswith ends_with replaceall replaceone replace
    position positioncaseinsensitive str_position substring trim concat concat_ws splitbychar split match extract regexp_like
    regexp_replace like ilike reverse empty notempty has hasany hasall arrayexists arrayfilter arraymap arrayelement
    arrayelementornull arraysort arrayjoin arraydistinct array_size array_filter array_distinct array_contains array
    array_concat arrayconcat arrayslice mapcontains map_contains_key mapkeys mapvalues map_keys map_values map tuple domain path
    sort_array array_contains_all array_overlaps array_any
    toint64 toint32 touint64 tofloat64 tostring toint64ornull tofloat64ornull todate todatetime todatetime64
    to_char toyyyymmdd cast try_cast date
    tostartofhour tostartofminute tostartoffiveminutes tostartofinterval tostartofday tostartofweek tomonday tohour todayofweek
    timestamp_trunc date_trunc datetrunc hour day_of_week_iso dayofweek_iso day_of_week dayofweek year month day
    tointervalsecond tointervalmillisecond fromunixtimestamp64nano fromunixtimestamp64micro fromunixtimestamp64milli
    addnanoseconds subtractnanoseconds datediff date_diff timestamp_diff now now64 current_timestamp today
    tounixtimestamp unix_timestamp tounixtimestamp64milli
    cityhash64 siphash64 inthash64 bitxor
"""
FUNCTIONS = frozenset(f"{_AGGREGATES} {_SCALARS}".split())
"""Functions by lower-case name: the engine's own, and SQLGlot's for those it knows under another.

None of them reads anything but its arguments. `file`, `url`, `remote`, `dictGet` and its kin, `joinGet`, `getSetting`,
`hostName`, `currentUser`, `sleep` and the like are absent on purpose.
"""
