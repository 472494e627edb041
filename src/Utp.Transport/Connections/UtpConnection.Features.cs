using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Utp.Protocol.Connections.Statistics;

namespace Utp.Transport.Connections;

/// <content>The feature collection, which is the connection itself. Features that hosts add go into a list, which the first one allocates.</content>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The connection is its own feature collection.")]
internal sealed partial class UtpConnection :
    IFeatureCollection,
    IConnectionIdFeature,
    IConnectionItemsFeature,
    IConnectionTransportFeature,
    IConnectionLifetimeFeature,
    IConnectionEndPointFeature,
    IMemoryPoolFeature,
    IUtpConnectionFeature
{
    private static readonly Type[] OwnFeatures =
    [
        typeof(IConnectionIdFeature),
        typeof(IConnectionItemsFeature),
        typeof(IConnectionTransportFeature),
        typeof(IConnectionLifetimeFeature),
        typeof(IConnectionEndPointFeature),
        typeof(IMemoryPoolFeature),
        typeof(IUtpConnectionFeature),
    ];

    private List<KeyValuePair<Type, object?>>? _setFeatures;
    private int _featureRevision;

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _featureRevision;

    object? IFeatureCollection.this[Type key]
    {
        get => GetFeature(key);
        set => SetFeature(key, value);
    }

    UtpConnectionStatistics IUtpConnectionFeature.Statistics => ReadStatistics();

    UtpCloseReason IUtpConnectionFeature.CloseReason => CloseReason;

    ValueTask IUtpConnectionFeature.CompleteWritesAsync(CancellationToken cancellationToken) => CompleteWritesAsync(cancellationToken);

    void IConnectionLifetimeFeature.Abort() => Abort();

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => (TFeature?)GetFeature(typeof(TFeature));

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => SetFeature(typeof(TFeature), instance);

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator() => EnumerateFeatures().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => EnumerateFeatures().GetEnumerator();

    private object? GetFeature(Type key)
    {
        var index = IndexOfSet(key);
        if (index >= 0)
        {
            return _setFeatures![index].Value;
        }

        return Array.IndexOf(OwnFeatures, key) >= 0 ? this : null;
    }

    /// <summary>Sets a feature. Null hides a feature of the connection itself, as in any other collection.</summary>
    private void SetFeature(Type key, object? value)
    {
        _featureRevision++;
        var index = IndexOfSet(key);
        if (index >= 0)
        {
            _setFeatures![index] = new(key, value);
        }
        else
        {
            (_setFeatures ??= new(4)).Add(new(key, value));
        }
    }

    private int IndexOfSet(Type key)
    {
        for (var i = 0; i < (_setFeatures?.Count ?? 0); i++)
        {
            if (_setFeatures![i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }

    private IEnumerable<KeyValuePair<Type, object>> EnumerateFeatures()
    {
        foreach (var type in OwnFeatures)
        {
            if (IndexOfSet(type) < 0)
            {
                yield return new(type, this);
            }
        }

        foreach (var (type, value) in _setFeatures ?? [])
        {
            if (value is not null)
            {
                yield return new(type, value);
            }
        }
    }

    /// <summary>Converts statistics from the units of the core.</summary>
    private static UtpConnectionStatistics Convert(in ConnectionStatistics statistics) => new()
    {
        RoundTripTime = TimeSpan.FromMicroseconds(statistics.SmoothedRoundTripMicros),
        MinimumRoundTripTime = TimeSpan.FromMicroseconds(statistics.MinRoundTripMicros),
        QueueingDelay = TimeSpan.FromMicroseconds(statistics.QueueingDelayMicros),
        CongestionWindowBytes = statistics.CongestionWindowBytes,
        FlightBytes = statistics.FlightBytes,
        PeerReceiveWindowBytes = statistics.PeerWindowBytes,
        PathMtuBytes = statistics.PathMtuBytes,
        BytesSent = statistics.BytesSent,
        BytesAcknowledged = statistics.BytesAcknowledged,
        BytesReceived = statistics.BytesReceived,
        SegmentsSent = statistics.SegmentsSent,
        SegmentsRetransmitted = statistics.SegmentsRetransmitted,
        SegmentsReceived = statistics.SegmentsReceived,
        RetransmissionTimeouts = statistics.Timeouts,
    };
}
