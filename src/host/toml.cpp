/* toml.cpp: toml++ behind a C interface: a JSON tree, and the place of every key.
 * The only C++ of the tree, because the maintained TOML parser of Debian is C++. Tests: toml_test.c, toml_fuzz.c. */
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 1
#include <sstream>
#include <string>
#include <string_view>
#include <toml++/toml.h>

extern "C" {
#include "host/toml.h"
}

namespace
{
struct sink {
    const toml_sink *out;
    std::string      path;
};

riv_str view(std::string_view s) { return riv_str{ s.data(), s.size() }; }

bool walk(sink &s, const toml::node &node, int depth);

bool walk_table(sink &s, const toml::table &table, int depth)
{
    s.out->open(s.out->ctx, true);
    for (auto &&[key, value] : table) {
        size_t keep = s.path.size();
        if (keep) s.path += '.';
        s.path += key.str();
        auto at = key.source().begin;
        s.out->key(s.out->ctx, view(key.str()), view(s.path), at.line, at.column);
        if (!walk(s, value, depth + 1)) return false;
        s.path.resize(keep);
    }
    s.out->close(s.out->ctx, true);
    return true;
}

bool walk_array(sink &s, const toml::array &array, int depth)
{
    size_t index = 0;
    s.out->open(s.out->ctx, false);
    for (auto &&value : array) {
        size_t keep = s.path.size();
        s.path += "[" + std::to_string(index++) + "]";
        auto at = value.source().begin;
        s.out->key(s.out->ctx, riv_str{ nullptr, 0 }, view(s.path), at.line, at.column);
        if (!walk(s, value, depth + 1)) return false;
        s.path.resize(keep);
    }
    s.out->close(s.out->ctx, false);
    return true;
}

bool walk(sink &s, const toml::node &node, int depth)
{
    if (depth > s.out->depth_max) return false;
    if (auto t = node.as_table()) return walk_table(s, *t, depth);
    if (auto a = node.as_array()) return walk_array(s, *a, depth);
    if (auto v = node.as_string()) s.out->text(s.out->ctx, view(v->get()));
    else if (auto i = node.as_integer()) s.out->integer(s.out->ctx, i->get());
    else if (auto f = node.as_floating_point()) s.out->number(s.out->ctx, f->get());
    else if (auto b = node.as_boolean()) s.out->boolean(s.out->ctx, b->get());
    else {
        std::ostringstream text;
        node.visit([&](auto &&n) {
            if constexpr (!toml::is_table<decltype(n)> && !toml::is_array<decltype(n)>) text << n.get();
        });
        s.out->text(s.out->ctx, view(text.str()));
    }
    return true;
}
} // namespace

extern "C" bool host__toml_walk(riv_str text, const toml_sink *out)
{
    toml::parse_result result = toml::parse(std::string_view(text.ptr, text.len));
    if (!result) {
        const toml::parse_error &e  = result.error();
        auto                     at = e.source().begin;
        out->error(out->ctx, view(e.description()), at.line, at.column);
        return false;
    }
    sink s{ out, {} };
    return walk_table(s, result.table(), 0);
}
