"""What version 2 takes out of names: counters, hashes and generated wrappers, language by language.

A nested function takes the name of the one it stands in where the compiler says which, so that a body that becomes a
lambda, or a second lambda before it, changes nothing.
"""

from __future__ import annotations

from typing import Final

_HASHED = r"(?=[0-9a-f]*\d)[0-9a-f]"

FUNCTION_REWRITES: Final = (
    # Native: clones, versions, offsets, blocks, parameter lists, inline namespaces.
    (r"(?: \[clone [^\]]*\]| ?\(\.[\w.]+\)|\.(?:isra|part|constprop|cold|llvm|localalias)(?:\.\d+)*)+$", ""),
    (r"\[abi:\w+\]|@plt\b|@{1,2}[A-Z]+_[\d.]+$", ""),
    (r" ?\+ ?(?:0x[0-9a-fA-F]+|\d+)$", ""),
    (r"^_{2}\d+(?=[-+]\[)|(?<=\])_block_invoke(?:_\d+)?$|_block_invoke(?:_\d+)?$", ""),
    (r"::h[0-9a-f]{16}(?=$| )", ""),
    (r"_\$u7b\$\$u7b\$closure\$u7d\$\$u7d\$", "{{closure}}"),
    (r"(?:::)?(?:\{\{closure\}\}|\{closure(?:_env)?#\d+\}|\{async_(?:fn|block)_env#\d+\})(?=$|::)", ""),
    (r"\{impl#\d+\}", "{impl}"),
    (r"^<((?:\w+::)*\w+)<.+?>+ as (?=[\w:]+)", r"<\1 as "),
    (r"\(anonymous namespace\)::|`anonymous(?: |-)namespace'::|\(anonymous\)::", ""),
    (r"::__(?:1|u|ndk1|cxx11|cxx1998)::", "::"),
    (r"::'lambda\d*'\([^()]*\)|::\{lambda\([^()]*\)#\d+\}|::\$_\d+|::<lambda_\w+>", ""),
    # Swift.
    (r"^(?:@objc |specialized |partial apply for |implicit |generic specialization <.*> of )+", ""),
    (r"^(?:\(\d+\) )?(?:suspend|await) resume partial function for ", ""),
    (r"^(?:(?:implicit )?closure #\d+ (?:\([^()]*\) )?(?:-> .+? )?in )+", ""),
    (r"(?: throws| async)*(?: -> .*)?$", ""),
    (r"\((?:[^()]|\([^()]*\))*\)(?: ?const)?$", ""),
    # JavaScript.
    (r" \[as [^\]]*\]", ""),
    (r"^(?:async\*|promise callback\*|set(?:Timeout|Interval) handler\*|EventListener\.handleEvent\*)+", ""),
    (r"(?:/|\.)<+$|(?<=\w)/<+$", ""),
    (r"^(?:async|new|static|get|set) ", ""),
    (
        (
            r"^(?:Object|Module|Function|Context|Timeout|Immediate|Proxy|global|globalThis|window|self|exports"
            r"|module\.exports|_this|this)\.(?=[\w$<])"
        ),
        "",
    ),
    # Ruby, Erlang and Elixir.
    (r"^(?:(?:block(?: \(\d+ levels?\))?|rescue|ensure) in )+", ""),
    (r"^(?:[A-Z]\w*::)*[A-Z]\w*#(?=\w)", ""),
    (r"(?:_{2,3}\d+){1,2}(?:_\d+)?$", ""),
    (r"^anonymous fn/\d+ in ", ""),
    (r"^-(.+?)/\d+-(?:fun|lc|inlined)-\d+-(?:/\d+)?$", r"\1"),
    (r"(?<=\w)/\d+$", ""),
    # JVM.
    (r"\$\$(?:EnhancerBy|FastClassBy|SpringCGLIB|KeyFactoryBy)[\w$]*|_\$\$_(?:jvst|javassist)\w*", ""),
    (r"\$(?:MockitoMock|HibernateProxy|ByteBuddy|hibernate|JaxbAccessor|OwbNormalScopeProxy)\$?[\w$]*", ""),
    (r"_(?:ClientProxy|Subclass)$|\$Proxy\$?_?\$?_?\w*WeldClientProxy", ""),
    (r"\$\$Lambda[$/\w@.]*", "$$Lambda"),
    (r"(?:jdk\.internal\.reflect\.|sun\.reflect\.)?Generated(Method|Constructor)Accessor\d+", r"Generated\1Accessor"),
    (r"\$Proxy\d+", "$Proxy"),
    (r"^lambda\$(?:new|static|null)\$\d+$", "<init>"),
    (r"^(?:lambda\$)+(\w+?)\$\w*?\d+(?:\$\w+)*$", r"\1"),
    (r"^\$?(?:deserializeLambda|anonfun)\$(?:\w+\$)*?(\w+)\$\d+(?:\$adapted)?$", r"\1"),
    (r"^\$anonfun\$(\w+?)(?:\$\d+)+(?:\$adapted)?$", r"\1"),
    (r"\$(?:default|impl|adapted)$|-impl$", ""),
    (r"(?<=\w)\$\w+_(?:debug|release)(?:UnitTest|AndroidTest)?$", ""),  # internal functions of Kotlin, by module
    (r"(?:\$anon)?(?:\$+\d+)+(?=$|\.)|_closure\d+|\$_\w+_(?:closure|lambda)\d+", ""),
    (r"(?:fn|eval|reify)__\d+", "fn"),
    # .NET.
    (r"<(\w+)>[bdg]__[\w|]*", r"\1"),
    (r"[.+]?<>c(?:__DisplayClass[\d_]+)?", ""),
    (r"^lambda_method\d*$", "lambda_method"),
    (r"(?<=\w)_m(?:[0-9A-F]{40}|\d{6,12})(?:_gshared)?(?:_inline)?$", ""),  # IL2CPP
    (r"`\d+|\[\[.*\]\]|\[T\w*(?:,\s?T\w*)*\]$", ""),
    # Go.
    (r"\[(?:\.\.\.|go\.shape[^\]]*)\]", ""),
    (r"\u00b7(?:dwrap|\w+)\u00b7\d+$|-fm$", ""),
    (r"(?:\.{1,2}(?:func|gowrap|deferwrap)\d+(?:\.\d+)*(?:-range\d+)?)+$", ""),
    (r"(?<=\.init)\.\d+$", ""),
    (r"@v\d[\w.+\-]*(?=/|$)", ""),
    # PHP, Dart, Python, Lua.
    (r"^.*\{closure[^}]*\}$", "{closure}"),
    (r"@anonymous.*", "@anonymous"),
    (r"(?:\.<(?:anonymous closure|fn|async)>)+$", ""),
    (r"(?:\.<locals>|\.<lambda>)+(?=$)", ""),
    (r"^.*\.<locals>\.", ""),
    (r"^(?:anonymous )?function (?:at|<|@) ?.*$|^in function <.*$", "<anonymous>"),
    (r"^(?:anonymous|lambda|closure|arrow)[_$ #]?\d*$", "<anonymous>"),
    (r"^(?:.*\.)?wasm-function\[\d+\]$", "<anonymous>"),
    # What is left everywhere.
    (r"^(?:Object|Module)?\.?\d+$", ""),
    (r"^(?:[\w$]+\.)+(?:<anonymous>|\?)$", "<anonymous>"),
    (r"\$\d+", "$"),
    (r"0[xX][0-9a-fA-F]+", ""),
    (rf"(?<![A-Za-z0-9])(?:{_HASHED}{{7,64}}|[0-9a-f]{{32,64}})(?![A-Za-z0-9])", "<hash>"),
)

REWRITABLE: Final = (
    r"[^A-Za-z0-9_.]|[0-9a-f]{7}|0[xX]|\d$|_{2}\d|\.(?:func|gowrap|deferwrap|isra|part|constprop|cold|llvm|localalias|init)"
    r"|Accessor\d|^(?:Object|Module)?\.?\d+$|^(?:Module|Object|Function|Context|Timeout|Immediate|Proxy|global|globalThis"
    r"|window|self|exports|module\.exports|_this|this)\.|_block_invoke|lambda|closure|anonymous|arrow"
    r"|(?:fn|eval|reify)__|_(?:ClientProxy|Subclass)$|_m[0-9A-F]{6}"
)
"""Found in every name that a rewrite changes."""

PLACE_REWRITES: Final = (
    (r"[.+]<(\w+)>d__[\w`]* MoveNext(?:\(\))?$", r" \1"),  # C# async and iterator methods
    (r"\$([a-z]\w*)(?:\$\w+)*\$\d+ (?:invokeSuspend|invoke)$", r" \1"),  # Kotlin coroutines and lambdas
)
REWRITABLE_PLACE: Final = r" MoveNext|\$\d+ invoke"
"""Found in every place that a rewrite changes."""

FILE_REWRITES: Final = (
    (r"(?::\d+){1,2}$", ""),
    (r"\.(?:min|prod|production|development|legacy|modern|bundle|chunk)(?=\.)", ""),
    (r"[.\-_~](?:[0-9a-f]{20,64}|(?=[0-9a-f]*\d)[0-9a-f]{6,64})(?=\.)", ""),
    (
        r"[.\-](?=[\w\-]{0,11}\d|(?:[\w\-]{0,11}?[A-Z]){3})[\w\-]{8,12}(?=\.[mc]?jsx?$)",
        "",
    ),
    (r"[.\-_@]v?\d+(?:\.\d+)+(?=[.\-]|$)", ""),
    (r"^(?:[0-9a-f]{20,64}|(?=[0-9a-f]*\d)[0-9a-f]{6,64})(?=\.)", "<hash>"),
    (r"^(?:chunk-)?(?:\d+|<hash>)(?=\.)", "<chunk>"),
    (r"^(?:chunk|vendors?)-[A-Z0-9]{6,10}(?=\.[mc]?jsx?$)", "<chunk>"),
)

ANONYMOUS: Final = frozenset(
    {
        "", "?", "??", "anonymous", "<anonymous>", "(anonymous)", "<lambda>", "<module>", "<unknown>", "unknown",
        "{closure}", "<unknown module>", "<redacted>", "<top (required)>", "<main>", "<compiled>", "global code",
        "eval code", "module code", "eval", "<eval>", "<fn>", "<anonymous closure>", "<listcomp>", "<genexpr>",
        "<dictcomp>", "<setcomp>", "[native code]", "<missing>", "None", "null", "undefined", "lambda", "closure",
        "lambda_method", "(lambda)", "<init-closure>", "class@anonymous",
        "<stripped>", "stripped_application_code", "<hidden>", "<optimized out>", "<symbol stripped>",
    }
)  # fmt: skip
