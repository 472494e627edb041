namespace Utp.Protocol.Rates;

/// <summary>A place in the line at a <see cref="TokenBucket"/>. <c>default</c> is no place.</summary>
/// <param name="Position">The number of bytes that the bucket has promised up to and including this promise.</param>
/// <param name="Generation">The rate for which the promise was made; a promise at an earlier rate is void.</param>
internal readonly record struct RateTicket(long Position, int Generation);
