// interfaces.mjs: the public functions of published services, as docs/spec/marine.md A.4 lists them.
import assert from 'node:assert/strict';

const prefixed = (prefix, names) => names.split(' ').map((n) => prefix + n);
const FUNCTIONS = {
  sqlite3: prefixed('sqlite3_', 'open_v2 close prepare_v2 exec libversion_number changes total_changes busy_timeout errmsg errcode column_type column_name ' +
    'column_count column_bytes column_int64 column_double column_text column_blob step reset finalize bind_blob bind_double bind_int64 bind_null bind_text ' +
    'soft_heap_limit64 hard_heap_limit64'),
  spell: 'store_error get_errors get_all_errors set_json_fields set_string get_string set_u32 get_u32 remove_key exists set_script get_script script_cid ' +
    'list_push_string list_pop_string list_get_strings list_remove_string store_log get_logs push_mailbox get_mailbox pop_mailbox set_trigger_config ' +
    'get_trigger_config',
  registry: 'get_key_bytes get_key_id register_key get_key_metadata republish_key merge_keys clear_expired evict_stale set_expired_timeout set_stale_timeout ' +
    'get_tombstone_bytes add_tombstone get_tombstones republish_tombstones get_record_metadata_bytes create_record_metadata get_record_bytes put_record ' +
    'get_records get_stale_local_records republish_records merge_two merge',
  'trust-graph': 'set_root insert_cert_raw insert_cert get_all_certs get_all_certs_from get_host_certs get_host_certs_from get_weight get_weight_from ' +
    'get_trust_bytes issue_trust verify_trust add_trust get_revocation_bytes issue_revocation revoke export_revocations',
  ipfs_pure: 'connect put dag_put get get_from dag_get dag_get_from cat cat_from get_external_api_multiaddr set_external_api_multiaddr get_local_api_multiaddr ' +
    'set_local_api_multiaddr get_external_swarm_multiaddr set_external_swarm_multiaddr set_timeout',
  ipfs_effector: 'connect put dag_put get dag_get get_peer_id cat',
  avm: 'ast invoke invoke_tracing to_human_readable_data',
};
const NEWEST = /0\.7\.6|0\.9\.4|0\.4\.11|0\.62\.0|0\.64\.1|0\.6\.0|sqlite3/; // whose functions are the list; older ones have some of it, or others

/** listed: what our runtime tells of the module that it calls so. */
export function as_listed(name, module, listed) {
  const names = listed.function_signatures.map((f) => f.name), known = FUNCTIONS[module];
  assert.deepEqual([...names].sort(), names, `${name}: functions are not sorted`);
  if (NEWEST.test(name)) assert.deepEqual(names, (typeof known === 'string' ? known.split(' ') : [...known]).sort(), `${name}: functions of ${module}`);
}
