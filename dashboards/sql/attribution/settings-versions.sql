SELECT concat(
    'settings ', arrayStringConcat(arraySort(groupUniqArray(toString(settings_version))), ' and '),
    ', code ', arrayStringConcat(arraySort(groupUniqArray(toString(code_version))), ' and ')) AS versions
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start) AND version > 0
HAVING count() > 0
