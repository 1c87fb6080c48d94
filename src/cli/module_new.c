/* module_new.c: rivulet module new: a folder with a service, an Aqua program that calls it, and its configuration.
 * The texts below are whole files; @NAME@, @IDENT@ and @PASCAL@ stand for the name. Tests: tests/e2e. */
#include "cli/build.h"

enum { NAME_BYTES_MAX = 64 };

#define C_SOURCE                                                                                                       \
    "/* @NAME@: a service. The words for types are in marine.h; `rivulet help module build` tells how it is built. "   \
    "*/\n"                                                                                                             \
    "#include \"marine.h\"\n\n"                                                                                        \
    "MARINE_RECORD(Greeting, (string text, u32 length))\n\n"                                                           \
    "MARINE_EXPORT(record(Greeting), greet, (string name))\n"                                                          \
    "{\n"                                                                                                              \
    "    marine_string text = marine_format(\"Hi, %s\", name.ptr);\n"                                                  \
    "    return (Greeting){ text, (u32)text.len };\n"                                                                  \
    "}\n"
#define CPP_SOURCE                                                                                                     \
    "// @NAME@: a service. The words for types are in marine.h; `rivulet help module build` tells how it is built.\n"  \
    "#include \"marine.h\"\n\n"                                                                                        \
    "MARINE_RECORD(Greeting, (string text, u32 length))\n\n"                                                           \
    "MARINE_EXPORT(record(Greeting), greet, (string name))\n"                                                          \
    "{\n"                                                                                                              \
    "    std::string text = \"Hi, \" + name.str();\n"                                                                  \
    "    return Greeting{ marine_text(text), static_cast<u32>(text.size()) };\n"                                       \
    "}\n"
#define RUST_SOURCE                                                                                                    \
    "//! @NAME@: a service.\n"                                                                                         \
    "use marine_rs_sdk::marine;\n\n"                                                                                   \
    "/// Called once, when the service starts.\n"                                                                      \
    "pub fn main() {}\n\n"                                                                                             \
    "#[marine]\n"                                                                                                      \
    "pub struct Greeting {\n"                                                                                          \
    "    pub text: String,\n"                                                                                          \
    "    pub length: u32,\n"                                                                                           \
    "}\n\n"                                                                                                            \
    "#[marine]\n"                                                                                                      \
    "pub fn greet(name: String) -> Greeting {\n"                                                                       \
    "    let text = format!(\"Hi, {}\", name);\n"                                                                      \
    "    Greeting { length: text.len() as u32, text }\n"                                                               \
    "}\n"
#define CARGO_TOML                                                                                                     \
    "[package]\n"                                                                                                      \
    "name = \"@NAME@\"\n"                                                                                              \
    "version = \"0.1.0\"\n"                                                                                            \
    "edition = \"2021\"\n"                                                                                             \
    "publish = false\n\n"                                                                                              \
    "[dependencies]\n"                                                                                                 \
    "marine-rs-sdk = \"0.14\"\n\n"                                                                                     \
    "[profile.release]\n"                                                                                              \
    "opt-level = \"s\"\n"                                                                                              \
    "lto = true\n"                                                                                                     \
    "panic = \"abort\"\n"
#define AQUA                                                                                                           \
    "-- rivulet run @NAME@.aqua -f 'greet(\"Ada\")'\n"                                                                 \
    "aqua @PASCAL@ declares *\n\n"                                                                                     \
    "export greet\n\n"                                                                                                 \
    "-- What the service offers: `rivulet module aqua @NAME@.wasm -i @NAME@` prints it.\n"                             \
    "data Greeting:\n"                                                                                                 \
    "    text: string\n"                                                                                               \
    "    length: u32\n\n"                                                                                              \
    "service @PASCAL@Service(\"@NAME@\"):\n"                                                                           \
    "    greet(name: string) -> Greeting\n\n"                                                                          \
    "func greet(name: string) -> Greeting:\n"                                                                          \
    "    on HOST_PEER_ID:\n"                                                                                           \
    "        greeting <- @PASCAL@Service.greet(name)\n"                                                                \
    "    <- greeting\n"
#define SCENARIO                                                                                                       \
    "{\n"                                                                                                              \
    "  \"runs\": [\n"                                                                                                  \
    "    {\n"                                                                                                          \
    "      \"name\": \"the greeting comes home\",\n"                                                                   \
    "      \"function\": \"greet\",\n"                                                                                 \
    "      \"args\": {\"name\":\"Ada\"},\n"                                                                            \
    "      \"services\": "                                                                                             \
    "[{\"service\":\"@NAME@\",\"function\":\"greet\",\"const\":{\"length\":2,\"text\":\"Hi\"}}],\n"                    \
    "      \"responses\": [[{\"length\":2,\"text\":\"Hi\"}]],\n"                                                       \
    "      \"errors\": []\n"                                                                                           \
    "    }\n"                                                                                                          \
    "  ]\n"                                                                                                            \
    "}\n"
#define TOML(file)                                                                                                     \
    "# What every peer of this program offers.\n"                                                                      \
    "[[service]]\n"                                                                                                    \
    "id = \"@NAME@\"\n"                                                                                                \
    "modules = [{ name = \"@IDENT@\", file = \"" file "\" }]\n"                                                        \
    "memory = \"16 MiB\"\n"
#define README(file)                                                                                                   \
    "# @NAME@\n\n"                                                                                                     \
    "A service for Marine, and an Aqua program that calls it.\n\n"                                                     \
    "```\n"                                                                                                            \
    "rivulet run @NAME@.aqua -f 'greet(\"Ada\")'\n"                                                                    \
    "rivulet test @NAME@.aqua\n"                                                                                       \
    "rivulet module build " file " -o @NAME@.wasm\n"                                                                   \
    "rivulet module info @NAME@.wasm\n"                                                                                \
    "```\n"                                                                                                            \
    "The first builds the service, starts three simulated peers and calls it; the second runs the program alone, "     \
    "with a made-up service. The last two build and show the module.\n"

typedef struct template { const char *path, *text; }
template;

static const template c_files[]    = { { "@IDENT@.c", C_SOURCE },
                                       { "@NAME@.aqua", AQUA },
                                       { "@NAME@.scenario.json", SCENARIO },
                                       { "rivulet.toml", TOML("@IDENT@.c") },
                                       { "README.md", README("@IDENT@.c") } };
static const template cpp_files[]  = { { "@IDENT@.cpp", CPP_SOURCE },
                                       { "@NAME@.aqua", AQUA },
                                       { "@NAME@.scenario.json", SCENARIO },
                                       { "rivulet.toml", TOML("@IDENT@.cpp") },
                                       { "README.md", README("@IDENT@.cpp") } };
static const template rust_files[] = { { "src/main.rs", RUST_SOURCE },       { "Cargo.toml", CARGO_TOML },
                                       { ".gitignore", "target/\n" },        { "@NAME@.aqua", AQUA },
                                       { "@NAME@.scenario.json", SCENARIO }, { "rivulet.toml", TOML("Cargo.toml") },
                                       { "README.md", README(".") } };

static const struct {
    const char     *word;
    const template *files;
    size_t          count;
} languages[] = {
    { "c", c_files, RIV_COUNT(c_files) },
    { "c++", cpp_files, RIV_COUNT(cpp_files) },
    { "cpp", cpp_files, RIV_COUNT(cpp_files) },
    { "rust", rust_files, RIV_COUNT(rust_files) },
};

/* Good for a file, a crate, a service id and, with changes that are told, a name in each language. */
static bool good_name(riv_str name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z') return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
    }
    return true;
}

static void put_name(riv_buf *out, riv_str name, riv_str form)
{
    bool upper = true;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (riv_str_eq(form, RIV_LIT("@PASCAL@"))) {
            if (c != '-' && c != '_') riv_put_u8(out, (uint8_t)(upper && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
            upper = c == '-' || c == '_';
        } else {
            riv_put_u8(out, (uint8_t)(c == '-' && riv_str_eq(form, RIV_LIT("@IDENT@")) ? '_' : c));
        }
    }
}

static riv_str filled(riv_arena *arena, const char *text, riv_str name)
{
    static const riv_str forms[] = { RIV_LIT_INIT("@NAME@"), RIV_LIT_INIT("@IDENT@"), RIV_LIT_INIT("@PASCAL@") };
    riv_buf              out     = riv_buf_in(arena);
    riv_str              rest    = riv_str_c(text);
    while (rest.len) {
        size_t used = 1;
        for (size_t i = 0; i < RIV_COUNT(forms) && used == 1; i++)
            if (riv_str_starts(rest, forms[i])) put_name(&out, name, forms[i]), used = forms[i].len;
        if (used == 1) riv_put_u8(&out, (uint8_t)rest.ptr[0]);
        rest = riv_str_sub(rest, used, rest.len);
    }
    return riv_buf_str(&out);
}

int cli_cmd_module_new(cli *c)
{
    riv_fault fault  = { 0 };
    riv_str   folder = cli_arg(c, 0), lang = cli_value(c, "lang"), name = host_path_name(folder);
    size_t    l = 0;
    if (lang.len == 0) lang = RIV_LIT("c");
    while (l < RIV_COUNT(languages) && !riv_str_eq(lang, riv_str_c(languages[l].word))) l++;
    if (l == RIV_COUNT(languages))
        return cli_error(c, CLI_USAGE, "--lang is c, c++ or rust, not '" RIV_FMT "'", RIV_ARG(lang));
    if (!good_name(name)) {
        cli_error(c, CLI_USAGE, "'" RIV_FMT "' is no name for a module", RIV_ARG(name));
        cli_hint(c, "small letters, digits, - and _, a letter first, at most %d of them", NAME_BYTES_MAX);
        return CLI_USAGE;
    }
    if (host_file_exists(folder)) return cli_error(c, CLI_USAGE, RIV_FMT " is there already", RIV_ARG(folder));
    for (size_t i = 0; i < languages[l].count; i++) {
        riv_str path = host_path_join(c->arena, folder, filled(c->arena, languages[l].files[i].path, name));
        riv_str text = filled(c->arena, languages[l].files[i].text, name);
        if (host_dir_make(host_path_dir(path), &fault) || host_file_write_new(path, riv_str_bytes(text), 0644, &fault))
            return cli_fault(c, &fault);
    }
    cli_note(c, "made " RIV_FMT "; try: rivulet run " RIV_FMT "/" RIV_FMT ".aqua -f 'greet(\"Ada\")'", RIV_ARG(folder),
             RIV_ARG(folder), RIV_ARG(name));
    return CLI_OK;
}
