using Orleans;
using Orleans.Runtime;

namespace OrleansOverUtp;

/// <summary>What a grain tells about itself.</summary>
[GenerateSerializer]
internal sealed record Answer(
    [property: Id(0)] string Silo,
    [property: Id(1)] int Count,
    [property: Id(2)] int TcpSockets);

/// <summary>A grain that counts.</summary>
internal interface ICounterGrain : IGrainWithIntegerKey
{
    /// <summary>Counts one more.</summary>
    /// <returns>The count.</returns>
    Task<int> AddAsync();

    /// <summary>Tells the count, the silo, and the TCP sockets of its process. To count these reads tables of the system, which takes milliseconds.</summary>
    Task<Answer> ReportAsync();
}

/// <inheritdoc />
internal sealed class CounterGrain(ILocalSiloDetails silo) : Grain, ICounterGrain
{
    private int _count;

    /// <inheritdoc />
    public Task<int> AddAsync() => Task.FromResult(++_count);

    /// <inheritdoc />
    public Task<Answer> ReportAsync() => Task.FromResult(new Answer(silo.SiloAddress.Endpoint.ToString(), _count, TcpSockets.OfThisProcess()));
}
