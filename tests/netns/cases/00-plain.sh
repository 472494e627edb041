# The lab itself: an undisturbed path carries a file.
routed_path
head -c 3000000 /dev/urandom >"$work/file"
for to in 10.77.2.1 '[fd77:2::1]'; do
  rm -rf "$work/in"
  mkdir "$work/in"
  utp_on b receive -l 7712 --directory "$work/in" >"$work/receive.log" 2>&1 &
  wait_until 10 listens b 7712
  begin=$(now_ms)
  if utp_on a send "$work/file" "$to:7712" >"$work/send.log" 2>&1 && cmp -s "$work/file" "$work/in/file"; then
    pass "plain path to $to" "3 MB in $(($(now_ms) - begin)) ms"
  else
    fail "plain path to $to" "$(tail -n 1 "$work/send.log")"
  fi
  stop_on b
done
